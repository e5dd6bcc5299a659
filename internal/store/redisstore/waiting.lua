-- What is done with one message. It stands apart from outbox.lua because a
-- function takes time to make, and ask.lua, which runs most, needs the names only.

local function message_key(id) return base .. 'm:' .. id end

-- wait_for_sender puts a message into the stream, as i, or as r if it stood
-- there before.
local function wait_for_sender(id, again)
  redis.call('XADD', OUTBOX, '*', again and 'r' or 'i', id)
end
