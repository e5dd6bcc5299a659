-- Gives back what this instance claimed, to one that is never alive. What
-- another has claimed since stays with that.

local instance = ARGV[1]
for i = 2, #ARGV do
  local place = ARGV[i]
  local held = redis.pcall('XPENDING', OUTBOX, SENDERS, place, place, '1')
  if held[1] and held[1][2] == instance then
    redis.call('XCLAIM', OUTBOX, SENDERS, '-', '0', place, 'JUSTID')
  end
end
return #ARGV - 1
