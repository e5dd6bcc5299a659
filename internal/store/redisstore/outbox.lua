-- The messages that wait are a stream, which a group of instances shares: what
-- one has claimed is pending there until the message is done with. An entry is
-- the id of a message, as i, or as r if it stood there before. claim.lua drops
-- what the stream holds of messages that are forgotten.

local OUTBOX = base .. 'outbox'
local SENDERS = 'senders'
