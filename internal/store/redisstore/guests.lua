-- Who asks: what the rules make of what is known of them, and which links they
-- have.

-- judge is the verdict of the rules, see people.Admission.
local function judge(standing, admission, now)
  local groups, may_ask = {}, false
  for _, group in ipairs(standing.g or {}) do groups[group] = true end
  local function is_in(names)
    for _, group in ipairs(names or {}) do
      if groups[group] then return true end
    end
  end
  local function is_granted()
    for _, grant in ipairs(standing.t or {}) do
      if grant.s == admission.s and (not grant.u or grant.u > now) then return true end
    end
  end
  for _, way in ipairs(admission.w or {}) do
    if not is_in(way.e) then
      if way.o or is_in(way.g) or way.r and is_granted() then return 1 end
      may_ask = may_ask or way.r
    end
  end
  return may_ask and 2 or 0
end

-- alive keeps of the names of links those that can still be used. It returns
-- how many of them are bounded, too.
local function alive(names, now)
  local kept, bounded = '', 0
  for at = 1, #names, NAME do
    local name = names:sub(at, at + NAME - 1)
    local record = load_link(name)
    if record and not record.used and record.expires > now then
      kept = kept .. name
      if record.state ~= 'd' then bounded = bounded + 1 end
    end
  end
  return kept, bounded
end
