-- The messages that wait are a stream, which a group of instances shares: what
-- one has claimed is pending there until the message is done with. claim.lua
-- drops what the stream holds of messages that are forgotten.

local OUTBOX = base .. 'outbox'
local SENDERS = 'senders'
local KEPT = '259200000' -- three days

local function message_key(id) return base .. 'm:' .. id end

-- wait_for_sender puts a message into the stream, as i, or as r if it stood
-- there before.
local function wait_for_sender(id, again)
  redis.call('XADD', OUTBOX, '*', again and 'r' or 'i', id)
end
