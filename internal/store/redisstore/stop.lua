-- Ends the request that a link belongs to and mutes its reader.

local link = load_link(step.link)
local address = link and link.site == step.site and link.address
if not address then
  local message = redis.call('GET', message_key(step.message))
  message = message and cjson.decode(message)
  address = message and message.s == step.site and message.a
end
if not address then return 0 end
if link then
  local request = load_request(link.browser)
  for at = 1, request and #request.links or 0, NAME do
    if request.links:sub(at, at + NAME - 1) == step.link then
      end_request(link.browser, request, now)
      break
    end
  end
  use_up(step.link, now)
end
redis.call('SET', muted_key(address), '1', 'PX', step.mute)
return 1
