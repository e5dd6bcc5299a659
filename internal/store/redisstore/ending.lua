-- How links and requests end. What is left of them is forgotten when they would
-- have been.

local MAX_CODE_TRIES = 5

-- use_up ends a link, if it is still there.
local function use_up(link)
  local key = base .. 'l:' .. link
  if redis.call('EXISTS', key) == 1 then redis.call('SETRANGE', key, '0', 'u') end
end

-- save_tries keeps how many codes were tried, and by which try.
local function save_tries(browser, request, tries, tried)
  redis.call('SET', base .. 'r:' .. browser,
    struct.pack(REQUEST, tries, #tried, tried, #request.links, request.links, #request.typed, request.typed) .. request.stored_about,
    'KEEPTTL')
end

-- end_request ends a request with all its links.
local function end_request(browser, request)
  for at = 1, #request.links, NAME do use_up(request.links:sub(at, at + NAME - 1)) end
  save_tries(browser, request, MAX_CODE_TRIES, '')
end
