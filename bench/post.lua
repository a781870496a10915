-- Posts one event a request, each about one of 10,000 problems. Path and body come from the environment.
local path, body = os.getenv("BENCH_PATH"), os.getenv("BENCH_BODY")
local count = 0
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"

request = function()
  count = count + 1
  return wrk.format(nil, path, nil, (body:gsub("@@", tostring(count % 10000))))
end

done = function(summary, latency, requests)
  io.write(string.format("RESULT %d %d %d %.3f\n", summary.requests, summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    summary.duration / 1e6))
end
