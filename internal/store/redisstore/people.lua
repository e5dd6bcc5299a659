-- What is kept by address: the person, a record in JSON that is kept for good,
-- and whether nobody writes there.

local function person_key(address) return base .. 'u:' .. address end
local function muted_key(address) return base .. 'x:' .. address end
local function blocked_key(address) return base .. 'b:' .. address end
