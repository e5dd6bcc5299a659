-- Sessions. A record is an address, when the session ends, when it was last
-- seen, and what only package redisstore reads.
--
-- The sessions of a person are a list: each by its name and when it ended as of
-- its last use, the last used last. So what is over is mostly at the front, from
-- where it is dropped on the way. What stays longer is a name without a session.

-- listed returns a list with an entry at its end, in place of its own if it has
-- one.
local function listed(list, session, expires, now)
  local own, from = list:find(session, 1, true), 1
  if own then list = list:sub(1, own - 1) .. list:sub(own + ENTRY) end
  while from < #list and struct.unpack('>i8', list, from + NAME) <= now do from = from + ENTRY end
  return list:sub(from) .. session .. struct.pack('>i8', expires)
end

-- each_session calls f with the name of each session of an address.
local function each_session(address, f)
  local _, _, _, _, list = read_record(redis.call('GET', base .. 'u:' .. address))
  for at = 1, #list, ENTRY do f(list:sub(at, at + NAME - 1)) end
end

-- end_session removes a session for good and tells all instances.
local function end_session(session, now)
  local raw = redis.call('GET', base .. 's:' .. session)
  if not raw then return end
  local key = base .. 'u:' .. struct.unpack('>I2c0', raw)
  local last, messages, familiar, links, list, person = read_record(redis.call('GET', key))
  local own = list:find(session, 1, true)
  redis.call('DEL', base .. 's:' .. session)
  if own then save_record(key, now, last, messages, familiar, links, list:sub(1, own - 1) .. list:sub(own + ENTRY), person) end
  redis.call('PUBLISH', base .. 'ended', session)
end
