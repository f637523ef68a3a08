// Follow which public methods of an object a program calls, to show that it called them all.
export function followed(object) {
  const called = new Set();
  const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(object)).filter(
    (name) => name !== "constructor" && !name.startsWith("_"),
  );
  const proxy = new Proxy(object, {
    get(target, name) {
      const value = target[name];
      if (methods.includes(name)) called.add(name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return { proxy, uncalled: () => methods.filter((name) => !called.has(name)) };
}

// The message of the refusal that a promise ends with, or null.
export async function refusal(promise) {
  try {
    await promise;
    return null;
  } catch (error) {
    return `${error.constructor.name}: ${error.message}`;
  }
}
