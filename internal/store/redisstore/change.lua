-- Puts a message in the place of what it was, unless it is something else by now.

local key = message_key(step.id)
if (redis.call('GET', key) or '') ~= step.before then return 'other' end
if step.once and not redis.call('SET', base .. 'o:' .. step.once, '1', 'PX', step.once_for, 'NX') then
  return 'replayed'
end
if step.before == '' then return 'unknown' end
redis.call('SET', key, step.after, 'KEEPTTL')
if step.place then redis.call('XACK', OUTBOX, SENDERS, step.place) end
if step.waits then wait_for_sender(step.id, true) end
if step.block then redis.call('SET', base .. 'b:' .. step.block, '1', 'PX', step.block_for) end
return 'done'
