-- Gives back what this instance claimed, to one that is never alive.

for _, place in ipairs(step.places) do
  redis.call('XCLAIM', OUTBOX, SENDERS, '-', '0', place, 'JUSTID')
end
return #step.places
