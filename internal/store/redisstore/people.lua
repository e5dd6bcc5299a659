-- What is kept by address: u, a record of all that belongs to it; y, whose
-- recovery address it is; x and b, that nobody writes there because they were
-- told so or because the mailbox bounced. The sorted set people has the
-- addresses of all who are known, in their order.
--
-- A new key costs more than anything else that a step does, so a record has
--
--   last messages familiar links sessions person
--
-- messages and familiar are counters of limits.lua: of the messages to the
-- mailbox of this name, and of those that familiar browsers asked for. links are
-- the links of the address, see links.lua, and sessions those of sessions.lua.
-- last is when counters and links are over. The person is JSON and kept for
-- good; a record without one is kept until the last of all that is over.
--
-- Most people have a record that says when they became known, and which language
-- and browsers are theirs. A step looks whether it says more, and reads no JSON
-- otherwise. A name in quotes before a colon is one of a field: in a text there
-- is a backslash between them. See record.Person.

local RECORD = '>i8Bc0Bc0I4c0I4c0'
local ENTRY = NAME + 8 -- of a session

-- read_record returns the parts of a record, which are empty if there is none.
local function read_record(raw)
  if not raw then return 0, '', '', '', '', '' end
  local last, messages, familiar, links, sessions, at = struct.unpack(RECORD, raw)
  return last, messages, familiar, links, sessions, raw:sub(at)
end

-- save_record keeps a record for as long as it has something to say.
local function save_record(key, now, last, messages, familiar, links, sessions, person)
  local raw = struct.pack(RECORD, last, #messages, messages, #familiar, familiar, #links, links, #sessions, sessions) .. person
  if person ~= '' then
    redis.call('SET', key, raw)
    return
  end
  for at = NAME + 1, #sessions, ENTRY do last = math.max(last, (struct.unpack('>i8', sessions, at))) end
  if last > now then
    redis.call('SET', key, raw, 'PX', integer(last - now))
  else
    redis.call('DEL', key)
  end
end

-- read_person returns the revision of a person, as text, whether the address was
-- proven, and what the JSON says that says more than most does.
local function read_person(person)
  if person == '' then return '', false end
  if not person:find('"[pxhv]":') then return '1', true end
  local more = cjson.decode(person)
  return integer((more.v or 0) + 1), more.p ~= -1, more
end
