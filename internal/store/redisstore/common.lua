-- What all scripts begin with. KEYS[1] is what all keys begin with; they have
-- one hash tag, so that every script finds its keys on one node of a cluster.
-- KEYS[1] and KEYS[2] themselves never exist: while the keys of a cluster move
-- from one node to another, two keys of which one is missing make both nodes
-- refuse the script before it begins, instead of running it on a part of its
-- keys.
--
-- Redis runs a script from its first line at each call, and making a function,
-- a table or a text takes time as well. So a script is put together of the parts
-- that it needs, see scripts.go, what it mostly does is written down straight,
-- and what it passes on as it is comes and goes in one piece: the Lua of Redis
-- hashes each text that it makes, to its last byte.
--
-- Times are Unix milliseconds unless they say _us. Records are texts and
-- numbers one after the other, as struct packs them: a text is I2c0, its length
-- and itself; a time is i8; a small number B. What scripts need of a record is
-- at its beginning, the rest they pass on as it is. See fields.go.

local base = KEYS[1]

-- Redis takes numbers as they are, too, but needs a microsecond to write one.
local function integer(n) return string.format('%d', n) end

-- Names of links and sessions are of one length, so that a list of them is one
-- text.
local NAME = 22
