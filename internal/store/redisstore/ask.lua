-- Counts a request and records it, with its link if it gets one. The limits
-- count in slots of a sixteenth of their window; see package limit.

local SLOTS = 17

local function take(kind, use)
  local key = base .. 'n:' .. kind .. ':' .. integer(use.slot_us) .. ':' .. use.name
  local slot = math.floor(step.now_us / use.slot_us)
  local newest, count = slot, {}
  for i = 1, SLOTS do count[i] = 0 end
  local raw = redis.call('GET', key)
  if raw then
    local stored = { struct.unpack('>I8' .. string.rep('I4', SLOTS), raw) }
    local steps = slot - stored[1]
    if steps <= 0 then newest, steps = stored[1], 0 end
    for i = 1, SLOTS - steps do count[i + steps] = stored[i + 1] end
  end
  local total = 0
  for i = 1, SLOTS do total = total + count[i] end
  if total >= use.max then
    for age = SLOTS - 1, 0, -1 do
      total = total - count[age + 1]
      if total < use.max then
        return math.max((newest - age + SLOTS) * use.slot_us - step.now_us, 1000000)
      end
    end
    return math.max(use.slot_us * (SLOTS - 1), 1000000)
  end
  count[1] = count[1] + 1
  redis.call('SET', key, struct.pack('>I8' .. string.rep('I4', SLOTS), newest, unpack(count)),
    'PX', integer(math.ceil(use.slot_us * SLOTS / 1000)))
  return 0
end

local wait = take('client', step.client)
if wait > 0 then return cjson.encode({ wait_us = wait }) end

local address = step.record.a
local known = redis.call('EXISTS', person_key(address)) == 1

local function silent()
  if not step.admitted then
    take('mailbox', step.mailbox)
    return 'not admitted'
  end
  if redis.call('ZCOUNT', address_links_key(address), '(' .. integer(now), '+inf') >= MAX_LIVE_LINKS then
    return 'three links alive'
  end
  if take('mailbox', step.mailbox) > 0 then return 'limit address' end
  if take('total', step.total) > 0 then return 'limit total' end
end
local reason = silent()

-- The counter of wrong tries of a request that is alive goes on, and so do its
-- links.
local request = flat(step.record)
request.l = {}
local before = load_request(step.browser)
if before and before.e > now and (before.w or 0) < MAX_CODE_TRIES then
  request.w = before.w
  for _, link in ipairs(before.l) do
    local record = load_link(link)
    if record and not record.u and record.e > now then table.insert(request.l, link) end
  end
end
if not reason then
  request.own, request.r, request.c, request.p = true, step.browser, step.code, step.policy
  save(link_key(step.link), request, LIVE_LINK, request.e + REMEMBERED)
  redis.call('ZADD', address_links_key(address), integer(request.e), step.link)
  keep_index(address_links_key(address))
  table.insert(request.l, step.link)
end
save_request(step.browser, request)
return cjson.encode({ send = not reason, silent = reason or '', known = known })
