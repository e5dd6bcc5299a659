-- Counts a request and records it, with its link and message if it gets one.

local now, now_us, browser, address, verdict, typed, expires, life, link, code,
  client, client_max, client_slot, client_life, mailbox, mailbox_max, mailbox_slot, mailbox_life,
  total, total_max, total_slot, total_life, reserve, message_id, has_language, ways, offer_link, offer_id =
  struct.unpack('>i8i8I2c0I2c0BI2c0i8I2c0I2c0c22I2c0i8i8i8I2c0i8i8i8I2c0i8i8i8i8I2c0BI2c0I2c0I2c0', ARGV[1])
local message, link_rest = ARGV[2], ARGV[3]

-- What verdict says of an address of whom the store knows nothing.
local REFUSED, ADMITTED, MAY_ASK = 0, 1, 2
local MAX_LIVE_LINKS, MAX_CODE_TRIES = 3, 5
local NO_CODE = '\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0'

-- All that is read of nearly every request is read in one call.
local client_key, total_key, request_key = base .. 'n:client:' .. client, base .. 'n:total:' .. total, base .. 'r:' .. browser
local key, mailbox_key = base .. 'u:' .. address, base .. 'u:' .. mailbox
local stored = redis.call('MGET', client_key, total_key, key, request_key, base .. 'x:' .. address, base .. 'b:' .. address, base .. 'y:' .. address)
local before, muted, blocked, owner = stored[4], stored[5], stored[6], stored[7]

local wait = take(client_key, stored[1], client_max, client_slot, client_life, now_us)
if wait > 0 then return wait end

-- A recovery address that is nobody's own stands for its owner, who gets the
-- link.
local last, messages, familiar, names, sessions, person = read_record(stored[3])
if person ~= '' then owner = false end
if owner then
  key = base .. 'u:' .. owner
  last, messages, familiar, names, sessions, person = read_record(redis.call('GET', key))
end
local revision, proven, more = read_person(person)
if owner then verdict = person ~= '' and ADMITTED or REFUSED end -- the rules are asked when the link is redeemed
if more and more.x then
  verdict = REFUSED
elseif more and ways ~= '' and not owner then
  verdict = judge(more.h or {}, cjson.decode(ways), now)
  if verdict == MAY_ASK and offer_link == '' then verdict = REFUSED end
end

if not proven then total_max = total_max - reserve end

-- Messages count where the mailbox has its record, which is mostly this one.
local counter, counter_of = messages, nil
local is_familiar = person ~= '' and person:find('"' .. browser .. '"', 1, true)
local which = is_familiar and 3 or 2 -- of the parts of a record
if mailbox_key ~= key then
  counter_of = { read_record(redis.call('GET', mailbox_key)) }
  counter = counter_of[which]
elseif is_familiar then
  counter = familiar
end
local counts
wait, counter = count(counter, mailbox_max, mailbox_slot, now_us)

-- The counter of wrong tries of a request that is alive goes on, and so do its
-- links.
local tries, links, bounded = 0, '', 0
if names ~= '' then names, bounded = alive(names, now) end
before = before and load_request(browser, before)
if before and before.expires > now and before.tries < MAX_CODE_TRIES then
  tries, links = before.tries, alive(before.links, now)
end

local silent
if verdict == REFUSED then
  counts, silent = wait == 0, 'not admitted'
elseif blocked then
  silent = 'mailbox blocked'
elseif muted and not is_familiar then
  silent = 'muted'
elseif bounded >= MAX_LIVE_LINKS then
  silent = 'three links alive'
elseif wait > 0 then
  silent = 'limit address'
else
  counts = true
  if take(total_key, stored[2], total_max, total_slot, total_life, now_us) > 0 then silent = 'limit total' end
end

-- What the request is about stands in its own link, unless it gets none, or one
-- of somebody else, of whom the browser is told nothing.
local about = ''
if silent or owner or verdict == MAY_ASK then
  local _, _, at = struct.unpack('>I2c0I2c0', link_rest)
  about = link_rest:sub(at)
  if verdict == MAY_ASK then
    link, code, message, message_id = offer_link, NO_CODE, ARGV[4], offer_id
    link_rest = struct.pack('>I2I2c0', 0, #browser, browser) .. about .. struct.pack('>I2c0I2', 3, 'ask', 0)
  elseif owner then
    link_rest = struct.pack('>I2I2c0i8I2c0', 0, #browser, browser, expires, #owner, owner) .. about:sub(11 + #address)
  end
  if not silent and not owner then about = '' end
end
if not silent then
  local state = verdict == MAY_ASK and 'o' or 'l'
  redis.call('SET', base .. 'l:' .. link, state .. code .. '\0\0' .. string.char(#revision) .. revision .. link_rest, 'PX', life)
  names = names .. link
  if expires > last then last = expires end
  links = links .. link

  -- The message begins with what is known here only.
  local language = has_language == 0 and person:match('"g":"([%w-]+)"')
  if language then message = message:sub(1, 11) .. '"g":"' .. language .. '",' .. message:sub(12) end
  local message_key = base .. 'm:' .. message_id
  redis.call('SET', message_key, message, 'PX', KEPT)
  if not proven then redis.call('SETRANGE', message_key, '5', 'true ') end -- after {"w":
  redis.call('XADD', OUTBOX, '*', 'i', message_id)
end
if counts and counter_of then
  counter_of[which] = counter
  counter_of[1] = math.max(counter_of[1], now + mailbox_life)
  save_record(mailbox_key, now, unpack(counter_of))
elseif counts then
  if is_familiar then familiar = counter else messages = counter end
  last = math.max(last, now + mailbox_life)
end
if not silent or counts and not counter_of then save_record(key, now, last, messages, familiar, names, sessions, person) end
redis.call('SET', request_key, struct.pack('>BBI2c0I2c0', tries, 0, #links, links, #typed, typed) .. about, 'PX', life)
return silent or ''
