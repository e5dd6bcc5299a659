-- Counts a request and records it, with its link and message if it gets one.

local now, now_us, browser, address, admitted, typed, about, expires, link, code, policy,
  client, client_max, client_slot, client_life, mailbox, mailbox_max, mailbox_slot, mailbox_life,
  total, total_max, total_slot, total_life, reserve, message_id, has_language =
  struct.unpack('>i8i8I2c0I2c0BI2c0I2c0i8I2c0I2c0I2c0I2c0i8i8I2c0I2c0i8i8I2c0I2c0i8i8I2c0i8I2c0B', ARGV[1])

-- All that is read of nearly every request is read in one call.
local client_key, total_key = base .. 'n:client:' .. client, base .. 'n:total:' .. total
local mailbox_key = base .. 'n:mailbox:' .. mailbox
local index_key = address_links_key(address)
local stored = redis.call('MGET', client_key, total_key, mailbox_key,
  person_key(address), muted_key(address), blocked_key(address), index_key, request_key(browser))
local client_count, total_count, mailbox_count = stored[1], stored[2], stored[3]
local person, is_muted, is_blocked, index, before = stored[4], stored[5], stored[6], stored[7] or '', stored[8]

local wait = take(client_key, client_count, client_max, client_slot, client_life, now_us)
if wait > 0 then return wait end

local familiar = person and person:find('"' .. browser .. '"', 1, true)
if familiar then
  mailbox_key = base .. 'n:familiar:' .. mailbox
  mailbox_count = redis.call('GET', mailbox_key)
end
if not person then total_max = total_max - reserve end

-- alive keeps of the names of links those that can still be redeemed. It
-- returns when the last of them expires, too.
local function alive(names)
  local kept, last = '', 0
  for at = 1, #names, NAME do
    local name = names:sub(at, at + NAME - 1)
    local record = load_link(name)
    if record and not record.used and record.expires > now then
      kept, last = kept .. name, math.max(last, record.expires)
    end
  end
  return kept, last
end
local of_address, last = alive(index)

local function silent()
  if admitted == 0 then
    take(mailbox_key, mailbox_count, mailbox_max, mailbox_slot, mailbox_life, now_us)
    return 'not admitted'
  end
  if is_blocked then return 'mailbox blocked' end
  if is_muted and not familiar then return 'muted' end
  if #of_address >= MAX_LIVE_LINKS * NAME then return 'three links alive' end
  if take(mailbox_key, mailbox_count, mailbox_max, mailbox_slot, mailbox_life, now_us) > 0 then return 'limit address' end
  if take(total_key, total_count, total_max, total_slot, total_life, now_us) > 0 then return 'limit total' end
end
local reason = silent()

-- The counter of wrong tries of a request that is alive goes on, and so do its
-- links.
local tries, links = 0, ''
before = before and load_request(browser, before)
if before and before.expires > now and before.tries < MAX_CODE_TRIES then
  tries, links = before.tries, alive(before.links)
end
local remembered = expires + REMEMBERED
if not reason then
  save(link_key(link), pack_link('l', browser, code, policy, about), now, remembered)
  save(index_key, of_address .. link, now, math.max(last, expires))
  links, about = links .. link, ''

  -- The message is an object in JSON that is still open at its end, for what is
  -- known here only.
  local rest = '}'
  if not person then rest = ',"w":true}' end
  local language = person and has_language == 0 and person:match('"g":"([%w-]+)"')
  if language then rest = ',"g":"' .. language .. '"}' end
  redis.call('SET', message_key(message_id), ARGV[2] .. rest, 'PX', KEPT)
  wait_for_sender(message_id)
end
save(request_key(browser), pack_request(tries, '', links, typed, about), now, remembered)
return reason or ''
