-- How links and requests end.

-- mark_used leaves of a link the mark that it was used, until it is forgotten.
local function mark_used(link, record, now, session, new)
  save(link_key(link), pack_link('u', record.browser, session or '', new or '', record.about), now, record.expires + REMEMBERED)
end

-- save_tries keeps how many codes were tried, and by which try.
local function save_tries(browser, request, now, tries, tried)
  save(request_key(browser), pack_request(tries, tried, request.links, request.typed, request.stored_about), now,
    request.expires + REMEMBERED)
end

-- use_up ends a link, if it has not ended yet.
local function use_up(link, now)
  local record = load_link(link)
  if record and not record.used then mark_used(link, record, now) end
end

-- end_request ends a request with all its links.
local function end_request(browser, request, now)
  for at = 1, #request.links, NAME do use_up(request.links:sub(at, at + NAME - 1), now) end
  save_tries(browser, request, now, MAX_CODE_TRIES, '')
end
