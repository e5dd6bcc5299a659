-- Returns what a browser asked for last.

local request = load_request(step.browser)
return request and cjson.encode(told(request)) or false
