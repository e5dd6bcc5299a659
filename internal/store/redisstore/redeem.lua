-- Uses up a link, found by its token or by a code, and signs in. The outcome is
-- one of the words below; nothing is written with those that begin with a dash.

local now, browser, site, elsewhere, link, codes, policy, session, session_expires, session_rest, replace, mark, language =
  struct.unpack('>i8I2c0I2c0BI2c0I2c0I2c0I2c0i8I2c0I2c0I2c0I2c0', ARGV[1])

-- answer tells the outcome, a number and a text that belong to it, and what the
-- link is about.
local function answer(outcome, number, text, about)
  return struct.pack('>I2c0i8I2c0', #outcome, outcome, number or 0, #(text or ''), text or '') .. (about or '')
end

local MAX_FAMILIAR = 5

-- meet keeps with a person what this sign-in tells of them.
local function meet(address, raw)
  local person, changed = raw and cjson.decode(raw) or { c = now }, not raw
  if language ~= '' and person.g ~= language then
    person.g, changed = language, true
  end
  if mark ~= '' and not (raw and raw:find('"' .. mark .. '"', 1, true)) then
    local familiar = person.b or {}
    table.insert(familiar, mark)
    if #familiar > MAX_FAMILIAR then table.remove(familiar, 1) end
    person.b, changed = familiar, true
  end
  if changed then redis.call('SET', person_key(address), cjson.encode(person)) end
end

-- sign_in uses up the link and all other live ones of its address, and makes
-- the session in place of the one that this browser had.
local function sign_in(name, record)
  if record.policy ~= policy then return answer('-rules', 0, record.policy, record.about) end
  local address = record.address
  local stored = redis.call('MGET', person_key(address), address_links_key(address))
  local person, others = stored[1], stored[2]
  others = others == name and '' or others or '' -- mostly there is no other link
  mark_used(name, record, now, session, person and '' or 'new')
  meet(address, person)
  for at = 1, #others, NAME do use_up(others:sub(at, at + NAME - 1), now) end
  if replace ~= '' then end_session(replace) end
  save(session_key(session), struct.pack('>I2c0i8', #address, address, session_expires) .. session_rest, now, session_expires)
  list_session(address, session, session_expires, now)
  return answer('signed in', person and 0 or 1, '', record.about)
end

-- same_step answers a step that was done before, when its answer got lost. It
-- knows itself again by the session that it made, if that is still there.
local function same_step(used)
  if used.code ~= session or redis.call('EXISTS', session_key(session)) == 0 then return nil end
  return answer('signed in', used.policy == 'new' and 1 or 0, '', used.about)
end

local function by_link()
  local record = load_link(link)
  if not record then return answer('-too old') end -- its signature is ours, so it was a link once
  if record.used then return same_step(record) or answer('-used') end
  if record.expires <= now then return answer('-too old') end
  if record.site ~= site then return answer('-unknown') end
  if record.browser ~= browser and elsewhere == 0 then return answer('-other browser', 0, '', record.about) end
  return sign_in(link, record)
end

local function by_code()
  local request = load_request(browser)
  if not request or request.site ~= site or request.expires <= now then return answer('-unknown') end
  local tries = request.tries
  if tries >= MAX_CODE_TRIES then return answer('-ended') end
  for at = 1, #request.links, NAME do
    local name = request.links:sub(at, at + NAME - 1)
    local record = load_link(name)
    if record and record.used then
      local same = same_step(record)
      if same then return same end
    elseif record and record.expires > now and record.site == site and codes:find(' ' .. record.code .. ' ', 1, true) then
      return sign_in(name, record)
    end
  end
  if request.tried ~= session then -- otherwise it was counted, see same_step
    tries = tries + 1
    if tries >= MAX_CODE_TRIES then
      end_request(browser, request, now)
      return answer('-ended')
    end
    save_tries(browser, request, now, tries, session)
  end
  return answer('wrong code', MAX_CODE_TRIES - tries)
end

if link ~= '' then return by_link() end
return by_code()
