/** `/docs`: the OpenAPI document of a port as a page on which every request can be tried. It asks nobody but this server for anything. */
import swaggerUi from "@fastify/swagger-ui";
import type { FastifyPluginAsync } from "fastify";

/** Everything comes from here. The page writes styles into its elements; it runs no script but its own files. */
const contentSecurityPolicy = {
  "default-src": "'none'",
  "script-src": "'self'",
  "style-src": "'self' 'unsafe-inline'",
  "img-src": "'self' data:",
  "connect-src": "'self'",
  "base-uri": "'none'",
  "form-action": "'none'",
  "frame-ancestors": "'none'",
};

/** Needs `@fastify/swagger` on the same port. Without a token: the document says what every installation has, and the page asks for the token itself. */
export function docsPage(title: string): FastifyPluginAsync {
  return async (app) => {
    app.addHook("onRequest", async (_request, reply) => {
      reply.header("x-content-type-options", "nosniff");
    });
    await app.register(swaggerUi, {
      routePrefix: "/docs",
      staticCSP: contentSecurityPolicy,
      theme: { title },
      uiConfig: {
        layout: "BaseLayout",
        docExpansion: "list",
        defaultModelsExpandDepth: -1,
        displayRequestDuration: true,
      },
    });
  };
}
