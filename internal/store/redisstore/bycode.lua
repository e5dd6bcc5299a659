-- Finds the link of a code, among those that the browser asked for last.

local raw
do
  local request = load_request(browser)
  if not request or request.site ~= site or request.expires <= now then return answer('-unknown') end
  local tries = request.tries
  if tries >= MAX_CODE_TRIES then return answer('-ended') end
  for at = 1, #request.links, NAME do
    local name = request.links:sub(at, at + NAME - 1)
    local record = load_link(name)
    if record and record.used then
      local same = same_step(record.code, record.new, record.rest)
      if same then return same end
    elseif record and record.state == 'l' and record.expires > now and record.site == site
      and codes:find(' ' .. record.code .. ' ', 1, true) then
      link, raw = name, record.raw
      break
    end
  end
  if not raw then
    if request.tried ~= session then -- otherwise it was counted, see same_step
      tries = tries + 1
      if tries >= MAX_CODE_TRIES then
        end_request(browser, request)
        return answer('-ended')
      end
      save_tries(browser, request, tries, session)
    end
    return answer('wrong code', MAX_CODE_TRIES - tries)
  end
end
