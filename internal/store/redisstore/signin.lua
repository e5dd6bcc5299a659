-- Uses up a link and all others of its address that sign in, and makes the
-- session in place of the one that this browser had.

local state, made_for, code, made_under, rest = struct.unpack('>c1I2c0I2c0I2c0', raw)
local asked_by, expires, address, its_site = struct.unpack('>I2c0i8I2c0I2c0', raw, rest)
rest = raw:sub(rest)
if state == 'u' then return same_step(code, made_under, rest) or answer('-used') end
if expires <= now then return answer('-too old') end
if state ~= 'l' or its_site ~= site then return answer('-unknown') end
if asked_by ~= browser and elsewhere == 0 then return answer('-other browser', 0, '', '', rest) end

local person_key, sessions_key = base .. 'u:' .. address, base .. 'p:' .. address
local stored = redis.call('MGET', person_key, base .. 'a:' .. address, sessions_key)
local person, others, sessions = stored[1], stored[2], stored[3]
local current, more, proven = read_person(person)
if person and not more then proven = true end
if more and more.x then return answer('-not admitted', 0, '', '', rest) end
if made_under ~= policy or (revision == '-' and made_for or revision) ~= current then
  return answer('-rules', 0, made_under, person, rest)
end

redis.call('SET', base .. 'l:' .. link, 'u\0\0\0\22' .. session .. (proven and '\0\0' or '\0\3new') .. rest, 'KEEPTTL')
if others and others ~= link then -- mostly there is no other link
  for at = 1, #others, NAME do
    local other = base .. 'l:' .. others:sub(at, at + NAME - 1)
    local found = redis.call('GET', other)
    if found and found:sub(1, 1) == 'l' then
      local _, _, _, _, its_rest = struct.unpack('>c1I2c0I2c0I2c0', found)
      redis.call('SET', other, 'u\0\0\0\0\0\0' .. found:sub(its_rest), 'KEEPTTL')
    end
  end
end

if not person then
  redis.call('SET', person_key, fresh)
  redis.call('ZADD', base .. 'people', '0', address)
else
  -- What this sign-in tells of a person changes the text of the record, so that
  -- what this version does not know stays as it is.
  local known = person
  if not proven then known = known:gsub('"p":%-1', '"p":' .. integer(now), 1) end
  local spoken = '"g":"' .. language .. '"'
  if language ~= '' and not known:find(spoken, 1, true) then
    local replaced, times = known:gsub('"g":"[%w-]*"', spoken, 1)
    known = times > 0 and replaced or '{' .. spoken .. ',' .. known:sub(2)
  end
  if mark ~= '' and not known:find('"' .. mark .. '"', 1, true) then
    local MAX_FAMILIAR = 5
    local before, marks, after = known:match('^(.-"b":%[)([^%]]*)(%].*)$')
    if marks then
      marks = marks .. ',"' .. mark .. '"'
      if #marks > MAX_FAMILIAR * (#mark + 3) then marks = marks:sub(#mark + 4) end
      known = before .. marks .. after
    else
      known = '{"b":["' .. mark .. '"],' .. known:sub(2)
    end
  end
  if known ~= person then redis.call('SET', person_key, known) end
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
  end_session(replace)
  sessions = redis.call('GET', sessions_key)
end
redis.call('SET', base .. 's:' .. session, struct.pack('>I2c0', #address, address) .. session_rest, 'PX', session_life)
if sessions then
  list_session(sessions_key, sessions, session, session_expires, now)
else
  local ends = session_rest:sub(1, 8)
  redis.call('SET', sessions_key, ends .. session .. ends, 'PX', session_life)
end
return answer('signed in', proven and 0 or 1, '', '', rest)
