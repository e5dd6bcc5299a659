-- Reads records, all that they lead to, and what that leads to; and the counts
-- of limits, which are hashes. ARGV[1] is how many of the keys are of records.
-- Returns keys and what they hold by turns: a text, false for nothing, or a list
-- of fields and values.

local DEEP = 2
local found, seen = {}, {}
local function read(key, depth)
  if seen[key] then return end
  seen[key] = true
  local raw = redis.call('GET', base .. key)
  found[#found + 1] = key
  found[#found + 1] = raw
  if not raw or depth == DEEP then return end
  local at = 2
  for _ = 1, raw:byte(1) do
    local lead
    lead, at = struct.unpack('>I2c0', raw, at)
    read(lead, depth + 1)
  end
end

local records = tonumber(ARGV[1])
for i = 2, records + 1 do read(ARGV[i], 0) end
for i = records + 2, #ARGV do
  found[#found + 1] = ARGV[i]
  found[#found + 1] = redis.call('HGETALL', base .. ARGV[i])
end
return found
