-- Uses up a link, found by its token or by a code, and signs in. The outcome is
-- one of the words below; nothing is written with those that begin with a dash.

local function answer(outcome, more)
  more = more or {}
  more.outcome = outcome
  return cjson.encode(more)
end

local function contains(list, value)
  for _, v in ipairs(list) do
    if v == value then return true end
  end
  return false
end

-- sign_in uses up the link and all other live ones of its address, and makes
-- the session in place of the one that this browser had.
local function sign_in(link, record)
  if record.p ~= step.policy then
    return answer('-rules', { link = record, policy = record.p })
  end
  local address = record.a
  for _, sibling in ipairs(redis.call('ZRANGE', address_links_key(address), 0, -1)) do
    if sibling ~= link then mark_used(sibling) end
  end
  mark_used(link, step.session)
  redis.call('DEL', address_links_key(address))
  local new_person = redis.call('SETNX', person_key(address), cjson.encode({ c = now })) == 1
  if step.replace then end_session(step.replace) end
  local session = step.session_record
  session.a = address
  save(session_key(step.session), session, session.e)
  redis.call('ZADD', person_sessions_key(address), string.format('%d', session.e), step.session)
  keep_index(person_sessions_key(address))
  return answer('signed in', { link = record, new_person = new_person })
end

local function by_link()
  local record = load(link_key(step.link))
  if not record then return answer('-too old') end -- its signature is ours, so it was a link once
  if record.u then
    local session = record.k == step.session and load(session_key(step.session))
    if session then -- this very step was done before, and its answer got lost
      return answer('signed in', { link = { a = session.a, t = record.t, s = step.site, q = now, e = record.e } })
    end
    return answer('-used')
  end
  if record.e <= now then return answer('-too old') end
  if record.s ~= step.site then return answer('-unknown') end
  if record.r ~= step.browser and not step.elsewhere then return answer('-other browser', { link = record }) end
  return sign_in(step.link, record)
end

local function by_code()
  local request = load(request_key(step.browser))
  if not request or request.s ~= step.site or request.e <= now then return answer('-unknown') end
  local tries = request.w or 0
  if tries >= MAX_CODE_TRIES then return answer('-ended') end
  for _, link in ipairs(request.l or {}) do
    local record = load(link_key(link))
    if record and not record.u and record.e > now and record.s == step.site and contains(step.codes, record.c) then
      return sign_in(link, record)
    end
    if record and record.u and record.k == step.session and load(session_key(step.session)) then
      return answer('signed in', { link = { a = request.a, t = record.t, s = step.site, q = now, e = record.e } })
    end
  end
  tries = tries + 1
  request.w = tries
  local ended = tries >= MAX_CODE_TRIES
  if ended then
    for _, link in ipairs(request.l or {}) do mark_used(link) end
    request.l = nil
  end
  save(request_key(step.browser), request, request.e + REMEMBERED)
  if ended then return answer('-ended') end
  return answer('wrong code', { tries_left = MAX_CODE_TRIES - tries })
end

if step.link then return by_link() end
return by_code()
