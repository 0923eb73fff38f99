// Requests to the server of this page, and nowhere else.

async function ask(address, content) {
  let response;
  try {
    const raw = content instanceof Blob;
    response = await fetch(address, {
      method: "POST",
      body: raw ? content : JSON.stringify(content),
      headers: { "Content-Type": raw ? "application/octet-stream" : "application/json" },
      mode: "cors", // so that the header Origin says where the request comes from
    });
  } catch {
    throw Object.assign(new Error("lemf serve does not answer: was it stopped?"), { status: 0 });
  }
  if (response.ok) return response;
  const fault = await response.json().catch(() => ({ error: `the server answers ${response.status}` }));
  throw Object.assign(new Error(fault.error), { status: response.status });
}
