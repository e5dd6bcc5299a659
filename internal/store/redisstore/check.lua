-- Does once what the other scripts do, to see whether this user may.

local key = base .. 'check'
redis.call('SET', key, '[]', 'PX', '1000')
load(key, {})
redis.call('DEL', key)
redis.call('EXISTS', key)
redis.call('SETNX', key, '[]')
redis.call('DEL', key)
redis.call('ZADD', key, '1', 'check')
redis.call('ZCOUNT', key, '-inf', '+inf')
redis.call('ZREM', key, 'nothing')
keep_index(key)
redis.call('DEL', key)
redis.call('PUBLISH', ENDED, '')
return redis.status_reply('OK')
