-- Moves the last use and the end of a session on, never back, and never brings
-- back one that has ended.

local key = base .. 's:' .. step.session
local raw = redis.call('GET', key)
if not raw then return redis.status_reply('OK') end
local address, expires, seen, rest = struct.unpack('>I2c0i8i8', raw)
if expires > step.seen then
  seen, expires = math.max(seen, step.seen), math.max(expires, step.expires)
  if expires <= now then
    redis.call('DEL', key)
  else
    redis.call('SET', key, struct.pack('>I2c0i8i8', #address, address, expires, seen) .. raw:sub(rest), 'PX', integer(expires - now))
    local record = base .. 'u:' .. address
    local last, messages, familiar, links, list, person = read_record(redis.call('GET', record))
    save_record(record, now, last, messages, familiar, links, listed(list, step.session, expires, now), person)
  end
end
return redis.status_reply('OK')
