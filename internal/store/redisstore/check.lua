-- Does once what the other scripts do, to see whether this user may.

local key = base .. 'check'
redis.call('SET', key, '1', 'PX', '1000')
redis.call('GET', key)
redis.call('MGET', key)
redis.call('EXISTS', key)
redis.call('DEL', key)
list_session('nobody', 'check', now + 1000, now)
list_session('nobody', 'check', now + 2000, now)
redis.call('ZRANGE', person_sessions_key('nobody'), 0, -1)
redis.call('ZREM', person_sessions_key('nobody'), 'check')
redis.call('PUBLISH', base .. 'ended', '')
redis.call('XADD', key, '*', 'i', 'check')
redis.call('XTRIM', key, 'MINID', '~', '1')
redis.call('XGROUP', 'CREATE', key, SENDERS, '0')
redis.call('XREADGROUP', 'GROUP', SENDERS, 'check', 'COUNT', '1', 'STREAMS', key, '>')
for _, held in ipairs(redis.call('XPENDING', key, SENDERS, '-', '+', '1')) do
  redis.call('XCLAIM', key, SENDERS, '-', '0', held[1], 'JUSTID')
  redis.call('XACK', key, SENDERS, held[1])
end
redis.call('XREVRANGE', key, '+', '-', 'COUNT', '1')
redis.call('DEL', key)
return redis.status_reply('OK')
