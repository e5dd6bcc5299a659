-- What all scripts begin with. KEYS[1] is what all keys begin with; they have
-- one hash tag, so that every script finds its keys on one node of a cluster.
-- KEYS[1] and KEYS[2] themselves never exist: while the keys of a cluster move
-- from one node to another, two keys of which one is missing make both nodes
-- refuse the script before it begins, instead of running it on a part of its
-- keys.
--
-- The scripts know nothing of what a record means: the rules of sign-in are in
-- package steps. A record is the number of those that it leads to, their keys,
-- each after its length, and its value; see record.go.

local base = KEYS[1]

-- Redis takes numbers as they are, too, but needs a microsecond to write one.
local function integer(n) return string.format('%d', n) end
