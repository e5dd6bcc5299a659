-- What is kept by address: u, the person, a record in JSON that is kept for
-- good; y, whose recovery address it is; x and b, that nobody writes there
-- because they were told so or because the mailbox bounced. The sorted set
-- people has the addresses of all who have a record, in their order.
--
-- Most records say when somebody became known, and which language and browsers
-- are theirs. A step looks whether one says more, and reads no JSON otherwise. A
-- name in quotes before a colon is one of a field: in a text there is a backslash
-- between them. See record.Person.

-- read_person returns the revision of a person, as text, and what a record says
-- that says more than most do.
local function read_person(raw)
  if not raw then return '' end
  if not raw:find('"[pxhv]":') then return '1' end
  local person = cjson.decode(raw)
  return integer((person.v or 0) + 1), person, person.p ~= -1
end
