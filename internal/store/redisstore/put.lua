-- Keeps a message that waits.

redis.call('SET', message_key(step.id), step.message, 'PX', KEPT)
wait_for_sender(step.id)
return 1
