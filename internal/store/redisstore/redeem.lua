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
    return answer('-rules', { link = told(record), policy = record.p })
  end
  local address = record.a
  local new_person = redis.call('SETNX', person_key(address), cjson.encode({ c = now })) == 1
  for _, sibling in ipairs(redis.call('ZRANGE', address_links_key(address), 0, -1)) do
    if sibling ~= link then mark_used(sibling) end
  end
  mark_used(link, { session = step.session, new_person = new_person })
  redis.call('DEL', address_links_key(address))
  if step.replace then end_session(step.replace) end
  local session = flat(step.session_record)
  session.a = address
  save(session_key(step.session), session, SESSION, session.e)
  redis.call('ZADD', person_sessions_key(address), integer(session.e), step.session)
  keep_index(person_sessions_key(address))
  return answer('signed in', { link = told(record), new_person = new_person })
end

-- same_step answers a step that was done before, when its answer got lost. It
-- knows itself again by the session that it made, if that is still there.
local function same_step(used)
  local session = used.k == step.session and load(session_key(step.session), SESSION)
  if not session then return nil end
  return answer('signed in', { link = { a = session.a, t = used.t, s = step.site, q = used.q, e = used.e }, new_person = used.m })
end

local function by_link()
  local record = load_link(step.link)
  if not record then return answer('-too old') end -- its signature is ours, so it was a link once
  if record.u then return same_step(record) or answer('-used') end
  if record.e <= now then return answer('-too old') end
  if record.s ~= step.site then return answer('-unknown') end
  if record.r ~= step.browser and not step.elsewhere then return answer('-other browser', { link = told(record) }) end
  return sign_in(step.link, record)
end

local function by_code()
  local request = load_request(step.browser)
  if not request or request.s ~= step.site or request.e <= now then return answer('-unknown') end
  local tries = request.w or 0
  local repeated = request.k == step.session -- see same_step
  if tries >= MAX_CODE_TRIES then return answer('-ended') end
  for _, link in ipairs(request.l) do
    local record = load_link(link)
    if record and record.u then
      local same = same_step(record)
      if same then return same end
    elseif record and record.e > now and record.s == step.site and contains(step.codes, record.c) then
      return sign_in(link, record)
    end
  end
  if repeated then return answer('wrong code', { tries_left = MAX_CODE_TRIES - tries }) end
  tries = tries + 1
  local ended = tries >= MAX_CODE_TRIES
  if ended then
    for _, link in ipairs(request.l) do mark_used(link) end
    request.l, request.own = {}, nil
  end
  request.w, request.k = tries, step.session
  save_request(step.browser, request)
  if ended then return answer('-ended') end
  return answer('wrong code', { tries_left = MAX_CODE_TRIES - tries })
end

if step.link then return by_link() end
return by_code()
