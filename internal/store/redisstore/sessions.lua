-- Sessions. A record is an address, when the session ends, when it was last
-- seen, and what only package redisstore reads.
--
-- The sessions of a person are a list: when the longest of them ends, and then
-- each by its name and when it ended as of its last use, the last used last. So
-- what is over is mostly at the front, from where it is dropped on the way. What
-- stays longer is a name without a session.

local ENTRY = NAME + 8

-- list_session puts an entry at the end of a list, in place of its own if it
-- has one.
local function list_session(key, list, session, expires, now)
  local last, from, rest = expires, 9, ''
  if list then
    last = math.max(last, (struct.unpack('>i8', list)))
    local own = list:find(session, 9, true)
    if own then list = list:sub(1, own - 1) .. list:sub(own + ENTRY) end
    while from < #list and struct.unpack('>i8', list, from + NAME) <= now do from = from + ENTRY end
    rest = list:sub(from)
  end
  redis.call('SET', key, struct.pack('>i8', last) .. rest .. session .. struct.pack('>i8', expires), 'PX', integer(math.max(last - now, 1)))
end

-- each_session calls f with the name of each session of a list.
local function each_session(list, f)
  for at = 9, list and #list or 0, ENTRY do f(list:sub(at, at + NAME - 1)) end
end

-- end_session removes a session for good and tells all instances.
local function end_session(session)
  local raw = redis.call('GET', base .. 's:' .. session)
  if not raw then return end
  local key = base .. 'p:' .. struct.unpack('>I2c0', raw)
  local list = redis.call('GET', key)
  local own = list and list:find(session, 9, true)
  redis.call('DEL', base .. 's:' .. session)
  if own and #list <= 8 + ENTRY then
    redis.call('DEL', key)
  elseif own then
    redis.call('SET', key, list:sub(1, own - 1) .. list:sub(own + ENTRY), 'KEEPTTL')
  end
  redis.call('PUBLISH', base .. 'ended', session)
end
