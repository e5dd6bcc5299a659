-- Moves the last use and the end of a session on, never back, and never brings
-- back one that has ended.

local raw = redis.call('GET', session_key(step.session))
if not raw then return redis.status_reply('OK') end
local address, expires, seen, rest = struct.unpack('>I2c0i8i8', raw)
if expires > step.seen then
  seen, expires = math.max(seen, step.seen), math.max(expires, step.expires)
  save(session_key(step.session), struct.pack('>I2c0i8i8', #address, address, expires, seen) .. raw:sub(rest), now, expires)
  list_session(address, step.session, expires, now)
end
return redis.status_reply('OK')
