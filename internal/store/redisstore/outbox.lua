-- The messages that wait are a stream, which a group of instances shares: what
-- one has claimed is pending there until the message is done with. claim.lua
-- drops what the stream holds of messages that are forgotten.

local OUTBOX = base .. 'outbox'
local SENDERS = 'senders'
local KEPT = '259200000' -- three days
