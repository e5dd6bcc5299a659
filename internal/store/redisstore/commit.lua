-- Writes what a transaction wrote, if all that it read is as it was and there is
-- room for what it takes of limits. The first arguments are the id of the
-- transaction and how many of each follow:
--   reads     a key, and what it held; an empty text for nothing
--   takes     a key, the slot that counts, the newest slot that is past, how many
--             uses there may be, and how long the count is kept
--   backs     a key, and the slot that counted a use which is given back
--   commands  how many words it has, and those
-- Returns 1 if it was done, now or before by the same transaction.

local id, reads, takes, backs, commands = unpack(ARGV, 1, 5)
local mark = base .. 'done:' .. id
if redis.call('EXISTS', mark) == 1 then return 1 end

local at = 6
for _ = 1, reads do
  if (redis.call('GET', ARGV[at]) or '') ~= ARGV[at + 1] then return 0 end
  at = at + 2
end

local first_take, taken = at, {}
for _ = 1, takes do
  local key, past = ARGV[at], tonumber(ARGV[at + 2])
  local counts, total = redis.call('HGETALL', key), taken[key] or 0
  for i = 1, #counts, 2 do
    if tonumber(counts[i]) > past then total = total + counts[i + 1] end
  end
  if total >= tonumber(ARGV[at + 3]) then return 0 end
  taken[key] = (taken[key] or 0) + 1
  at = at + 5
end
for take = 0, takes - 1 do
  local this = first_take + 5 * take
  local key, past = ARGV[this], tonumber(ARGV[this + 2])
  for _, slot in ipairs(redis.call('HKEYS', key)) do
    if tonumber(slot) <= past then redis.call('HDEL', key, slot) end
  end
  redis.call('HINCRBY', key, ARGV[this + 1], 1)
  redis.call('PEXPIRE', key, ARGV[this + 4])
end

for _ = 1, backs do
  local key, slot = ARGV[at], ARGV[at + 1]
  if redis.call('HINCRBY', key, slot, -1) <= 0 then redis.call('HDEL', key, slot) end
  at = at + 2
end

for _ = 1, commands do
  local last = at + ARGV[at]
  redis.call(unpack(ARGV, at + 1, last))
  at = last + 1
end
redis.call('SET', mark, '1', 'PX', '60000')
return 1
