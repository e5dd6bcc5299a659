-- Reads records and the counts of limits, which are hashes, with the milliseconds that
-- each is kept still, -1 for good. ARGV[1] is how many of the keys are of records.

local records = tonumber(ARGV[1])
local found = {}
for i = 2, #ARGV do
  local key = base .. ARGV[i]
  found[#found + 1] = redis.call(i <= records + 1 and 'GET' or 'HGETALL', key)
  found[#found + 1] = redis.call('PTTL', key)
end
return found
