-- Does once what the other scripts do, to see whether this user may. It has a key of its
-- own: where something is refused, nothing is left in what others read.

local key = base .. 'check'
redis.call('SET', key, '1', 'PX', '1000')
redis.call('GET', key)
redis.call('MGET', key)
redis.call('EXISTS', key)
redis.call('DEL', key)
redis.call('HINCRBY', key, '1', '1')
redis.call('HGETALL', key)
redis.call('HKEYS', key)
redis.call('HDEL', key, '1')
redis.call('PEXPIRE', key, '1000')
redis.call('DEL', key)
redis.call('ZADD', key, '0', 'check')
redis.call('ZRANGEBYLEX', key, '[check', '(check', 'LIMIT', '0', '1')
redis.call('ZREMRANGEBYLEX', key, '(check', '(check')
redis.call('ZREM', key, 'check')
redis.call('PUBLISH', base .. 'ended', '')
redis.call('XADD', key, '*', 'i', 'check')
redis.call('XTRIM', key, 'MINID', '~', '1')
redis.call('XGROUP', 'CREATE', key, SENDERS, '0')
redis.call('XREADGROUP', 'GROUP', SENDERS, 'check', 'COUNT', '1', 'STREAMS', key, '>')
for _, held in ipairs(redis.call('XPENDING', key, SENDERS, '-', '+', '1')) do
  redis.call('XCLAIM', key, SENDERS, '-', '0', held[1], 'JUSTID')
  redis.call('XACK', key, SENDERS, held[1])
end
redis.call('DEL', key)
return redis.status_reply('OK')
