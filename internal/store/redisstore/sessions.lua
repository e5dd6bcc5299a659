-- Sessions. A record is an address, when the session ends, when it was last
-- seen, and what only package redisstore reads.

local function session_key(session) return base .. 's:' .. session end
local function person_sessions_key(address) return base .. 'p:' .. address end

-- list_session puts a session into the sorted set of its person, which lives as
-- long as the longest of them. What is over is dropped on the way.
local function list_session(address, session, expires, now)
  local key = person_sessions_key(address)
  redis.call('ZADD', key, integer(expires), session)
  local life = redis.call('PTTL', key) -- below zero if the set is new
  if life >= 0 then redis.call('ZREMRANGEBYSCORE', key, '-inf', integer(now)) end
  if life < expires - now then redis.call('PEXPIRE', key, integer(expires - now)) end
end

-- end_session removes a session for good and tells all instances.
local function end_session(session)
  local raw = redis.call('GET', session_key(session))
  if not raw then return end
  local address = struct.unpack('>I2c0', raw)
  redis.call('DEL', session_key(session))
  redis.call('ZREM', person_sessions_key(address), session)
  redis.call('PUBLISH', base .. 'ended', session)
end
