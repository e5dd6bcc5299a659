-- Commits a transaction if all that it read is as it was: keys and what they
-- held, then keys, how long they are kept and what they hold from now on. An
-- empty text is a key that is not there. One that was done before says so again.

local done = base .. 't:' .. step.id
if redis.call('EXISTS', done) == 1 then return 1 end
local at = 2
for _ = 1, step.reads do
  if (redis.call('GET', base .. ARGV[at]) or '') ~= ARGV[at + 1] then return 0 end
  at = at + 2
end
for _ = 1, step.writes do
  local key, life, value = base .. ARGV[at], ARGV[at + 1], ARGV[at + 2]
  if value == '' then
    redis.call('DEL', key)
  elseif life == 'keep' then
    redis.call('SET', key, value, 'KEEPTTL')
  elseif life == '' then
    redis.call('SET', key, value)
  else
    redis.call('SET', key, value, 'PX', life)
  end
  at = at + 3
end
for _, address in ipairs(step.known or {}) do redis.call('ZADD', base .. 'people', '0', address) end
for _, address in ipairs(step.forgotten or {}) do redis.call('ZREM', base .. 'people', address) end
for _, word in ipairs(step.told or {}) do redis.call('PUBLISH', base .. 'ended', word) end
for _, message in ipairs(step.waiting or {}) do wait_for_sender(message) end
redis.call('SET', done, '1', 'PX', '60000')
return 1
