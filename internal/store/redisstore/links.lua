-- Links and requests. What a link is about (when it expires, for whom, at which
-- site, and what only package redisstore reads) comes last in its record, and
-- is what a request is about, too:
--
--   link:     state code new revision policy browser about
--   request:  tries tried links typed about
--
-- The state is l, u once it is used, or for a link that does not sign in o or d,
-- which does not count among MAX_LIVE_LINKS. A code is as long as a name, zeros
-- where there is none. Once a link made a session, that is in the place of the
-- code, so that a step whose answer was lost gets the same answer when it is sent
-- again; new says that it proved the address for the first time. These three are
-- of one length, and changed in place. The revision is that of its person, empty
-- for somebody who was not known.
--
-- Each address has a list of the links that were made for it. Of a used link it
-- is the record that says so: the list is not kept in step, but read when the
-- next link is asked for, which is far less often.
--
-- A request says nothing of what it is about if that stands in its own link,
-- the last one of its links. tried is the session that the last wrong try would
-- have made.

local LINK = '>c1c22BI2c0I2c0'
local ABOUT = '>i8I2c0I2c0'
local REQUEST = '>BBc0I2c0I2c0'

-- load_link finds a link.
local function load_link(link)
  local raw = redis.call('GET', base .. 'l:' .. link)
  if not raw then return nil end
  local state, code, new, _, _, rest = struct.unpack(LINK, raw)
  local browser, about = struct.unpack('>I2c0', raw, rest)
  local expires, address, site = struct.unpack(ABOUT, raw, about)
  return {
    raw = raw, state = state, used = state == 'u', code = code, new = new, browser = browser,
    expires = expires, address = address, site = site, rest = raw:sub(rest), about = raw:sub(about),
  }
end

-- load_request finds a request, or reads it if it was found.
local function load_request(browser, raw)
  raw = raw or redis.call('GET', base .. 'r:' .. browser)
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
