-- Posts to a path; each @@ of the body becomes one of 10,000 numbers. Path, body and pause come from the environment.
local path, body, pause = os.getenv("BENCH_PATH"), os.getenv("BENCH_BODY"), tonumber(os.getenv("BENCH_PAUSE") or "0")
local count = 0
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"

local function number()
  count = count + 1
  return tostring(count % 10000)
end

request = function()
  return wrk.format(nil, path, nil, (body:gsub("@@", number)))
end

if pause > 0 then
  -- between nothing and twice the pause, so that they do not come in step
  delay = function() return math.random(0, 2 * pause) end
end

done = function(summary, latency, requests)
  io.write(string.format("RESULT %d %d %d %.3f %.2f %.2f\n", summary.requests, summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    summary.duration / 1e6, latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
