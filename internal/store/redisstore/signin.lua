-- Uses up a link and all others of its address that sign in, and makes the
-- session in place of the one that this browser had.

local state, made, new, made_for, made_under, rest = struct.unpack('>c1c22BI2c0I2c0', raw)
local asked_by, expires, address, its_site = struct.unpack('>I2c0i8I2c0I2c0', raw, rest)
rest = raw:sub(rest)
if state == 'u' then return same_step(made, new, rest) or answer('-used') end
if expires <= now then return answer('-too old') end
if state ~= 'l' or its_site ~= site then return answer('-unknown') end
if asked_by ~= browser and elsewhere == 0 then return answer('-other browser', 0, '', '', rest) end

local key = base .. 'u:' .. address
local last, messages, familiar, links, sessions, person = read_record(redis.call('GET', key))
local current, proven, more = read_person(person)
if more and more.x then return answer('-not admitted', 0, '', '', rest) end
if made_under ~= policy or (revision == '-' and made_for or revision) ~= current then
  return answer('-rules', 0, made_under, person, rest)
end

redis.call('SETRANGE', base .. 'l:' .. link, '0', 'u' .. session .. (proven and '\0' or '\1'))
local left = '' -- of the links, those that do not sign in
if links ~= link then -- mostly there is no other
  for at = 1, #links, NAME do
    local name = links:sub(at, at + NAME - 1)
    local its_state = redis.call('GETRANGE', base .. 'l:' .. name, '0', '0')
    if its_state == 'l' then
      redis.call('SETRANGE', base .. 'l:' .. name, '0', 'u')
    elseif its_state == 'o' or its_state == 'd' then
      left = left .. name
    end
  end
end

if person == '' then
  person = fresh
  redis.call('ZADD', base .. 'people', '0', address)
else
  -- What this sign-in tells of a person changes the text, so that what this
  -- version does not know stays as it is.
  if not proven then person = person:gsub('"p":%-1', '"p":' .. integer(now), 1) end
  local spoken = '"g":"' .. language .. '"'
  if language ~= '' and not person:find(spoken, 1, true) then
    local replaced, times = person:gsub('"g":"[%w-]*"', spoken, 1)
    person = times > 0 and replaced or '{' .. spoken .. ',' .. person:sub(2)
  end
  if mark ~= '' and not person:find('"' .. mark .. '"', 1, true) then
    local MAX_FAMILIAR = 5
    local before, marks, after = person:match('^(.-"b":%[)([^%]]*)(%].*)$')
    if marks then
      marks = marks .. ',"' .. mark .. '"'
      if #marks > MAX_FAMILIAR * (#mark + 3) then marks = marks:sub(#mark + 4) end
      person = before .. marks .. after
    else
      person = '{"b":["' .. mark .. '"],' .. person:sub(2)
    end
  end
end

-- Groups and grants end the record of a session, see person.go.
if more and more.h then
  local groups, grants = table.concat(more.h.g or {}, ','), ''
  for _, grant in ipairs(more.h.t or {}) do
    grants = grants .. struct.pack('>I2c0i8', #grant.s, grant.s, grant.u or 0)
  end
  session_rest = session_rest .. struct.pack('>I2c0I2c0', #groups, groups, #grants, grants)
end
if replace ~= '' then
  end_session(replace, now)
  local _
  _, _, _, _, sessions = read_record(redis.call('GET', key))
end
redis.call('SET', base .. 's:' .. session, struct.pack('>I2c0', #address, address) .. session_rest, 'PX', session_life)
if sessions == '' then
  sessions = session .. session_rest:sub(1, 8)
else
  sessions = listed(sessions, session, session_expires, now)
end
redis.call('SET', key,
  struct.pack(RECORD, last, #messages, messages, #familiar, familiar, #left, left, #sessions, sessions) .. person)
return answer('signed in', proven and 0 or 1, '', '', rest)
