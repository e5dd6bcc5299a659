-- What all scripts share. KEYS[1] is what all keys begin with; they have one
-- hash tag, so that every script finds its keys on one node of a cluster.
-- ARGV[1] is the step as JSON. Times are Unix milliseconds unless they say _us.

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

local function load(key)
  local raw = redis.call('GET', key)
  return raw and cjson.decode(raw)
end

-- save keeps a record until a time. What is over by then is not written.
local function save(key, record, until_ms)
  if until_ms <= now then
    redis.call('DEL', key)
  else
    redis.call('SET', key, cjson.encode(record), 'PX', string.format('%d', until_ms - now))
  end
end

-- keep_index lets a sorted set live as long as its longest member, without
-- those that are over.
local function keep_index(key)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', string.format('%d', now))
  local last = redis.call('ZRANGE', key, -1, -1, 'WITHSCORES')
  if last[2] then redis.call('PEXPIRE', key, string.format('%d', tonumber(last[2]) - now)) end
end

-- end_session removes a session for good and tells all instances.
local function end_session(session)
  local record = load(session_key(session))
  if not record then return end
  redis.call('DEL', session_key(session))
  redis.call('ZREM', person_sessions_key(record.a), session)
  redis.call('PUBLISH', ENDED, session)
end

-- mark_used leaves of a link the mark that it was used, until it is forgotten.
-- by is the session that it made, so that a step whose answer was lost on the
-- way gets the same answer when it is sent again.
local function mark_used(link, by)
  local record = load(link_key(link))
  if not record or record.u then return end
  redis.call('ZREM', address_links_key(record.a), link)
  save(link_key(link), { u = true, r = record.r, e = record.e, k = by, t = by and record.t }, record.e + REMEMBERED)
end
