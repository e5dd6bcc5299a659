-- Links and requests. What a link is about (when it expires, for whom, at which
-- site, and what only package redisstore reads) comes last in its record, and
-- is what a request is about, too:
--
--   link:     l browser code policy about, or, once it is used,
--             u browser session new about
--   request:  tries tried links typed about
--
-- The session of a used link is the one that it made, so that a step whose
-- answer was lost gets the same answer when it is sent again; new says that it
-- made a new person. Both are empty if another link was redeemed instead.
--
-- Each address has a list of the links that were made for it. Of a used link it
-- is the record that says so: the list is not kept in step, but read when the
-- next link is asked for, which is far less often.
--
-- A request says nothing of what it is about if that stands in its own link,
-- the last one of its links. tried is the session that the last wrong try would
-- have made.

local REMEMBERED = 60 * 60 * 1000
local MAX_CODE_TRIES = 5
local MAX_LIVE_LINKS = 3

local function link_key(link) return base .. 'l:' .. link end
local function request_key(browser) return base .. 'r:' .. browser end
local function address_links_key(address) return base .. 'a:' .. address end

local LINK = '>c1I2c0I2c0I2c0'
local ABOUT = '>i8I2c0I2c0'
local REQUEST = '>BBc0I2c0I2c0'

-- load_link finds a link. The code and policy of a used one are the session and
-- new above.
local function load_link(link)
  local raw = redis.call('GET', link_key(link))
  if not raw then return nil end
  local state, browser, code, policy, at = struct.unpack(LINK, raw)
  local expires, address, site = struct.unpack(ABOUT, raw, at)
  return {
    used = state == 'u', browser = browser, code = code, policy = policy,
    expires = expires, address = address, site = site, about = raw:sub(at),
  }
end

local function pack_link(state, browser, code, policy, about)
  return struct.pack(LINK, state, #browser, browser, #code, code, #policy, policy) .. about
end

-- load_request finds a request, or reads it if it was found.
local function load_request(browser, raw)
  raw = raw or redis.call('GET', request_key(browser))
  if not raw then return nil end
  local request, at = {}, nil
  request.tries, request.tried, request.links, request.typed, at = struct.unpack(REQUEST, raw)
  request.stored_about = raw:sub(at)
  request.about = request.stored_about
  if request.about == '' then
    local own = load_link(request.links:sub(-NAME))
    if not own then return nil end
    request.about = own.about
  end
  request.expires, request.address, request.site = struct.unpack(ABOUT, request.about)
  return request
end

local function pack_request(tries, tried, links, typed, about)
  return struct.pack(REQUEST, tries, #tried, tried, #links, links, #typed, typed) .. about
end
