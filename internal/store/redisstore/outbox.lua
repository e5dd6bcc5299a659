-- The messages that wait are a stream, which a group of instances shares: what
-- one has claimed is pending there until the message is done with. An entry is
-- the id of a message. claim.lua drops what the stream and the list of all
-- messages hold of those that are forgotten.

local OUTBOX = base .. 'outbox'
local SENDERS = 'senders'
