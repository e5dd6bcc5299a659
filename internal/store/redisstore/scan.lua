-- Names some of all keys: where the scan goes on, see SCAN, and names, without what all
-- begin with. It is a script so that in a cluster it runs where our keys are.

local pattern = base:gsub('[%[%]*?\\^]', '\\%0') .. ARGV[2]
local scanned = redis.call('SCAN', ARGV[1], 'MATCH', pattern, 'COUNT', ARGV[3])
local names = { scanned[1] }
for _, key in ipairs(scanned[2]) do names[#names + 1] = key:sub(#base + 1) end
return names
