-- What all scripts share. ARGV[1] is the step as JSON, KEYS[1] what all keys
-- begin with; they have one hash tag, so that every script finds its keys on
-- one node of a cluster. KEYS[1] and KEYS[2] themselves never exist: while the
-- keys of a cluster move from one node to another, two keys of which one is
-- missing make both nodes refuse the script before it begins, instead of
-- running it on a part of its keys.
-- Times are Unix milliseconds unless they say _us.

local base = KEYS[1]
local step = cjson.decode(ARGV[1])
local now = step.now

local MAX_CODE_TRIES = 5
local MAX_LIVE_LINKS = 3
local REMEMBERED = 60 * 60 * 1000

local function link_key(link) return base .. 'l:' .. link end
local function request_key(browser) return base .. 'r:' .. browser end
local function address_links_key(address) return base .. 'a:' .. address end
local function session_key(session) return base .. 's:' .. session end
local function person_sessions_key(address) return base .. 'p:' .. address end
local function person_key(address) return base .. 'u:' .. address end
local ENDED = base .. 'ended'

local function integer(n) return string.format('%d', n) end

-- Records are JSON lists, which are half as long as objects. These are the
-- fields, in the order of the list; a new one goes to the end. The names are
-- those of package record; those of a device stand for themselves.
--
-- Of a used link the first field is true and of all others the browser. Its k
-- is the session that it made, so that a step whose answer was lost gets the
-- same answer when it is sent again; m then says that it made a new person.
local LIVE_LINK = { 'r', 'e', 'a', 's', 't', 'q', 'c', 'p', 'b', 'o', 'n' }
local USED_LINK = { 'u', 'r', 'e', 'k', 't', 'q', 'm' }
-- Of a request whose own link is alive the list ends after y: the rest is that
-- of the link, which is the last of l. k is the session that the last wrong
-- try would have made, see USED_LINK.
local REQUEST = { 'l', 'w', 'k', 'y', 'e', 'a', 's', 't', 'q', 'b', 'o', 'n' }
local OF_LINK = { 'e', 'a', 's', 't', 'q', 'b', 'o', 'n' }
local SESSION = { 'a', 's', 'i', 'l', 'e', 'b', 'o', 'n' }

local function load(key, fields)
  local raw = redis.call('GET', key)
  if not raw then return nil end
  local list, record = cjson.decode(raw), {}
  if list[1] == true then fields = USED_LINK end
  for i, name in ipairs(fields) do
    if list[i] ~= '' then record[name] = list[i] end
  end
  return record
end

-- save keeps a record until a time. What is over by then is not written.
local function save(key, record, fields, until_ms)
  if until_ms <= now then
    redis.call('DEL', key)
    return
  end
  local list, length = {}, 0
  for i, name in ipairs(fields) do
    list[i] = record[name] or ''
    if list[i] ~= '' then length = i end
  end
  for i = #list, length + 1, -1 do list[i] = nil end
  local encoded = cjson.encode(list):gsub('\\/', '/') -- a slash needs no escape
  redis.call('SET', key, encoded, 'PX', integer(until_ms - now))
end

-- keep_index lets a sorted set live as long as its longest member, without
-- those that are over.
local function keep_index(key)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', integer(now))
  local last = redis.call('ZRANGE', key, -1, -1, 'WITHSCORES')
  if last[2] then redis.call('PEXPIRE', key, integer(tonumber(last[2]) - now)) end
end

local function load_link(link) return load(link_key(link), LIVE_LINK) end

-- load_request fills in what stands in the request's own link.
local function load_request(browser)
  local request = load(request_key(browser), REQUEST)
  if not request then return nil end
  request.l = request.l or {}
  if not request.e then
    local own = load_link(request.l[#request.l])
    if not own or own.u then return nil end
    for _, name in ipairs(OF_LINK) do request[name] = own[name] end
    request.own = true
  end
  request.y = request.y or request.a
  return request
end

local function save_request(browser, request)
  local record = { y = request.y ~= request.a and request.y or nil, w = request.w, k = request.k }
  if #request.l > 0 then record.l = request.l end
  if not request.own then
    for _, name in ipairs(OF_LINK) do record[name] = request[name] end
  end
  save(request_key(browser), record, REQUEST, request.e + REMEMBERED)
end

-- end_session removes a session for good and tells all instances.
local function end_session(session)
  local record = load(session_key(session), SESSION)
  if not record then return end
  redis.call('DEL', session_key(session))
  redis.call('ZREM', person_sessions_key(record.a), session)
  redis.call('PUBLISH', ENDED, session)
end

-- mark_used leaves of a link the mark that it was used, until it is forgotten,
-- after its request took over what it needs.
local function mark_used(link, made)
  local record = load_link(link)
  if not record or record.u then return end
  local request = load_request(record.r)
  if request and request.own and request.l[#request.l] == link then
    request.own = nil
    save_request(record.r, request)
  end
  redis.call('ZREM', address_links_key(record.a), link)
  local used = { u = true, r = record.r, e = record.e }
  if made then used.k, used.t, used.q, used.m = made.session, record.t, record.q, made.new_person or nil end
  save(link_key(link), used, USED_LINK, record.e + REMEMBERED)
end

-- told makes of a record what package record reads.
local function told(record)
  return { a = record.a, y = record.y, s = record.s, t = record.t, q = record.q, e = record.e, w = record.w,
    d = (record.b or record.o or record.n) and { b = record.b, o = record.o, n = record.n } or nil }
end

-- flat is a record as it comes, with its device's fields among its own.
local function flat(record)
  local device = record.d
  if device then record.b, record.o, record.n = device.b, device.o, device.n end
  return record
end
