-- Ends the request that a link belongs to and mutes its reader.

-- The message knows whom it was sent to: a link to a recovery address is its
-- owner's.
local message = redis.call('GET', message_key(step.message))
message = message and cjson.decode(message)
local address = message and message.s == step.site and message.a
local link = load_link(step.link)
address = address or link and link.site == step.site and link.address
if not address then return 0 end
if link then
  local request = load_request(link.browser)
  for at = 1, request and #request.links or 0, NAME do
    if request.links:sub(at, at + NAME - 1) == step.link then
      end_request(link.browser, request)
      break
    end
  end
  use_up(step.link)
end
redis.call('SET', base .. 'x:' .. address, '1', 'PX', step.mute)
return 1
